"""The calendar's screens: week, month, list and year, drawn by the server; what is asked in the address stays in the address."""
