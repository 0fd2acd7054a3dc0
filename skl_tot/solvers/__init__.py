"""What learns without a network, as functions of arrays; goes without torch."""
