"""What a viewer may do: one page a concept, each act a function that judges and carries out."""
