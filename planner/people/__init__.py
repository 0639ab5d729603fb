"""Who matters and where they write: people, outlets, events. (Events are here; the others come with listening.)"""
