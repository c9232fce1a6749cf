"""A library made fit to teach: encoded in bulk, recaptioned, its manifold reported."""
