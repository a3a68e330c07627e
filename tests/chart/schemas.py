"""Makes a folder of JSON schemas that kubeconform can read by itself: schemas.py FROM TO CRD...

Those of the package FROM refer to one another by addresses; here by files. The
kinds of the CRDs get one too. Like the API's own strictness, unknown fields fail.
"""
import json
import os
import sys

from rendering import objects

HERE = "_definitions.json"


def by_file(node):
    if isinstance(node, dict):
        node.pop("$id", None)
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                node[key] = value.replace("/api/_definitions.json", HERE)
            else:
                by_file(value)
    elif isinstance(node, list):
        for one in node:
            by_file(one)
    return node


def strict(node):
    """A CRD's schema with unknown fields forbidden, where it lists its fields."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
            node.setdefault("additionalProperties", False)
        for value in node.values():
            strict(value)
    elif isinstance(node, list):
        for one in node:
            strict(one)
    return node


def write(folder, name, schema):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(schema, file)


def main(source, folder, *crds):
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(source):
        if name.endswith(".json"):
            with open(os.path.join(source, name)) as file:
                write(folder, name, by_file(json.load(file)))
    texts = {os.path.basename(crd): open(crd).read() for crd in crds}
    for kind in (kind for kinds in objects(texts).values() for kind in kinds):
        for version in kind["spec"]["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            # Of metadata a CRD says only that it is an object.
            schema["properties"]["metadata"] = {"$ref": f"{HERE}#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
            group = kind["spec"]["group"].split(".")[0]
            write(folder, f'{kind["spec"]["names"]["kind"].lower()}-{group}-{version["name"]}.json', schema)


if __name__ == "__main__":
    main(*sys.argv[1:])
