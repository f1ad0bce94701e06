"""tortoise-orm."""

import json
import sys

from tortoise import Tortoise, fields, run_async
from tortoise.exceptions import IntegrityError
from tortoise.models import Model
from tortoise.transactions import in_transaction

facts: dict[str, object] = {}


class Team(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)
    players: fields.ReverseRelation["Player"]


class Player(Model):
    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    score = fields.DecimalField(max_digits=8, decimal_places=2)
    extra = fields.JSONField(default=dict)
    key = fields.UUIDField(null=True)
    joined = fields.DatetimeField(auto_now_add=True)
    team = fields.ForeignKeyField("models.Team", related_name="players")


async def main(dsn: str) -> None:
    address = dsn.partition("?")[0].replace("postgresql:", "asyncpg:")
    await Tortoise.init(db_url=address, modules={"models": ["__main__"]})
    await Tortoise.generate_schemas()
    team = await Team.create(name="one")
    await Player.bulk_create([Player(name=f"p{n}", score=n, team=team, extra={"n": n}) for n in range(20)])
    facts["sum"] = str(sum([player.score async for player in Player.filter(score__gte=10)]))
    facts["extra"] = (await Player.get(name="p3")).extra
    facts["related"] = await Team.filter(players__name="p4").values_list("name", flat=True)
    try:
        async with in_transaction() as connection:
            await Team.create(name="two", using_db=connection)
            await Team.create(name="one", using_db=connection)
    except IntegrityError:
        facts["teams"] = await Team.all().count()
    async with in_transaction():
        await Player.filter(name="p1").update(score=100)
        await Player.filter(name="p2").delete()
    facts["best"] = (await Player.all().order_by("-score").first()).name
    facts["count"] = await Player.all().count()
    await Tortoise.close_connections()


if __name__ == "__main__":
    run_async(main(sys.argv[1]))
    print(json.dumps(facts))
