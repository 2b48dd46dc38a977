"""The drill: plays the world on the utility's own network and keeps the truth to judge the product by."""
