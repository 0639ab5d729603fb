"""Who matters and where they write: the register of people, and events. (Outlets come with listening.)"""
