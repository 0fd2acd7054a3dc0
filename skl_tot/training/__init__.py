"""Learning of networks and prototypes; all code with torch.

Public, to derive from: `terms.Term`, `priors.Prior`, `priors.FixedPrior` and
`transport.Transport`.
"""
