"""The engine: an operation becomes a plan once, and a plan runs level by level, breadth first."""
