"""What is sent to people: the daily digest and reminders; the three-part period report comes with its screen."""
