"""An editorial planner for corporate channels: catalogue, calendar, sending, and an honest record of what it did."""

__version__ = "0.1.0"
