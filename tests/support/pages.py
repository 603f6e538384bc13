"""Two further pages in the format of the contract's own, as operations."""

from engine_contract.contract import Operation
from engine_contract.contract.draft import draft
from engine_contract.contract.ledger import parse_rules
from engine_contract.contract.operation import operations_in

ASSET = """Summary
Get an asset
Description
Get an asset by its id.
Route
GET /inventory/getAsset/:id
Roles
admin
engineering
Parameters
| Name | Type | Required | Description |
| id | string | yes | ID of the asset. |
| depth | number | no | How deep it is shown. |
Return
| Name | Type | Description |
| asset | object | The asset. |
Copied to Clipboard
{
  "id": "5f2c",
  "name": "Valve",
  "size": 12,
  "tags": [
    {
      "key": "site",
      "value": "south"
    }
  ]
}
"""

TAG = """Summary
Add a tag
Description
Add a tag to an asset.
Route
POST /inventory/addTag/:id
Roles
admin
Parameters
| Name | Type | Required | Description |
| id | string | yes | ID of the asset. |
| key | string | yes | Name of the tag. |
| value | string | no | Its value. |
Copied to Clipboard
{
  "key": "site",
  "value": "south"
}
Return
| Name | Type | Description |
| count | number | Number of tags. |
Copied to Clipboard
{
  "count": 2
}
"""


def operation_of(page: str) -> Operation:
    """Return the operation of a page's text, with its name before the ids of its rules."""
    drafted = draft(page)
    (name,) = (operation.name for operation in operations_in(drafted.openapi))
    rules = parse_rules(drafted.rules, f"{name}/")
    (operation,) = operations_in(drafted.openapi, lambda: rules, f"{name}/")
    return operation
