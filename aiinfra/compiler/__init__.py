"""A declaration becomes Pulumi projects and box bundles, through the templates."""
