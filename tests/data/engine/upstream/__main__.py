import pulumi
pulumi.export("name", "upstream-name")
pulumi.export("sealed", pulumi.Output.secret("hush"))
pulumi.export("list", [1, {"a": True}])
