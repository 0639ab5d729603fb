"""Ground floor: what every room above needs and nothing of the trade."""
