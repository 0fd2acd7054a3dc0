"""Learning of network and prototypes, and all that computes with torch.

Public, to derive from: `terms.Term`, `priors.Prior`, `priors.FixedPrior` and
`transport.Transport`.
"""
