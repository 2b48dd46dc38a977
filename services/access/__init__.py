"""Who may speak to us over HTTP: access keys, their scopes, and how a request is refused."""
