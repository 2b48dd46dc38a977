"""What past restorations say of those to come: measured from the ledger and the orders, learnt, and told to the inference."""
