"""The SQL of what the console asks of the utility beyond its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.engine.taking import Connection


async def customers_by_phone(connection: Connection, version: int, begins: str, most: int = 30) -> list[str]:
    """Return the customers who have a phone that begins like that, sorted by phone and id."""
    # Bytes are compared, whatever the collation; behind the last digit comes the colon.
    rows = await connection.fetch(
        """SELECT phone, customer FROM customer_phone
           WHERE version = $1 AND phone ~>=~ $2 AND phone ~<~ $3 ORDER BY phone USING ~<~, customer LIMIT $4""",
        version,
        begins,
        f"{begins}:",
        most,
    )
    return list(dict.fromkeys(row["customer"] for row in rows))
