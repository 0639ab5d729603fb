"""A quarter in the life of an invented telecom group, told through the same verbs that people use."""
