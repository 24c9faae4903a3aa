"""The outside: roster files, Folkeregisteret, local facts and the contact register, each in its real format."""
