"""The outbox: deliveries, attempts, and looking up what became of them. Never lost, never twice."""
