"""The utility folder: reading it whole, finding all its problems, keeping its versions."""
