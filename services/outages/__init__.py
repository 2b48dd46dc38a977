"""Inference, incidents and interruptions: from located reports to what has failed, who is out, and since when."""
