"""Where images and charts are mirrored."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ImageRepositoriesArgs
from aiinfra.components.aws import registry_policy
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.specs import ImageRepositoriesSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.names import fit
from aiinfra.tokens import IMAGE_REPOSITORIES


class ImageRepositories(Component):
    """OCI repositories whose tags never move: scanned as images come in, encrypted with one key.

    Children: ``key`` and ``alias``; for each name ``NAME``, ``NAME-life`` and ``NAME-policy``.
    """

    repositories: pulumi.Output[dict[str, str]]
    """Name -> address to push to and pull from."""

    def __init__(self, name: str, args: ImageRepositoriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ImageRepositoriesSpec, name, args)
        super().__init__(IMAGE_REPOSITORIES, name, spec, opts)
        partition = find_region(spec.region).partition
        made = {
            "description": f"Encrypts the images of {name}",
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": registry_policy.images_key(spec.account, spec.region, partition),
        }
        key = self.child(aws.kms.Key, "key", made, protect=True)
        alias = {"name": key_alias(name, "images"), "target_key_id": key.key_id}
        self.child(aws.kms.Alias, "alias", alias, delete_before_replace=True)
        addresses = {noun: self._repository(noun, spec, key.arn, partition) for noun in spec.names}

        self.repositories = pulumi.Output.all(**addresses)
        self.done({"repositories": self.repositories})

    def _repository(
        self, noun: str, spec: ImageRepositoriesSpec, key: pulumi.Output[str], partition: str
    ) -> pulumi.Output[str]:
        props = {
            "name": fit(f"{spec.prefix}/{noun}", "aws:ecr/repository:Repository"),
            "image_tag_mutability": "IMMUTABLE",
            "image_scanning_configuration": {"scan_on_push": True},
            "encryption_configurations": [{"encryption_type": "KMS", "kms_key": key}],
            "force_delete": False,
        }
        repository = self.child(aws.ecr.Repository, noun, props, protect=True)
        on = {"repository": repository.name}
        life = {**on, "policy": registry_policy.life(spec.keep_untagged)}
        self.child(aws.ecr.LifecyclePolicy, f"{noun}-life", life)
        policy = {**on, "policy": registry_policy.within_account(spec.account, partition)}
        self.child(aws.ecr.RepositoryPolicy, f"{noun}-policy", policy)
        return repository.repository_url
