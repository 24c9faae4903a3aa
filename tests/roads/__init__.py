"""Every road to every cell: the same question asked in many ways must have one answer, the oracle's."""
