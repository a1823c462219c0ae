"""What all tests share."""

from hypothesis import settings

# A loaded machine is no bug: how long one example takes decides nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
