"""The local plane: a site's own server configuration, served on this machine under a closed, printed overlay."""
