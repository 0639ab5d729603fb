"""What the company has to say: assets, their audiences, and how they come in."""
