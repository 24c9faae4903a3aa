"""What is so in Norway: national identity numbers, local days and birthdays, the order of names."""
