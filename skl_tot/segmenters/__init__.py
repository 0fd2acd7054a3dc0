"""What people fit, one module an estimator; `template` is what they share."""
