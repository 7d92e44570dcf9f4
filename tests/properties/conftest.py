"""Properties have no deadline: how long an example takes is the machine's matter, not the rule's."""

from hypothesis import settings

settings.register_profile("testamur", deadline=None)
settings.load_profile("testamur")
