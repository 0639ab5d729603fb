"""Shapes of what people type; rules live lower down."""
