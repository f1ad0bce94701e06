"""SQLAlchemy's ORM on `postgresql+asyncpg`."""

import asyncio
import datetime
import decimal
import enum
import json
import sys
import uuid

from sqlalchemy import DateTime, ForeignKey, Numeric, Text, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, INT4RANGE, JSONB, Range
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncAttrs, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload


class Mood(enum.Enum):
    happy = "happy"
    sad = "sad"


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    mood: Mapped[Mood]
    key: Mapped[uuid.UUID]
    born: Mapped[datetime.date | None]
    facts: Mapped[dict] = mapped_column(JSONB)
    tags: Mapped[list[str]] = mapped_column(ARRAY(item_type=Text))
    fee: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    years: Mapped[Range[int]] = mapped_column(INT4RANGE)
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    at: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


async def main(dsn: str) -> dict[str, object]:
    engine = create_async_engine(
        dsn.partition("?")[0].replace("postgresql:", "postgresql+asyncpg:"), pool_pre_ping=True
    )
    facts: dict[str, object] = {}
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    session_of = async_sessionmaker(engine, expire_on_commit=False)
    at = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC)
    async with session_of.begin() as session:
        for number in range(3):
            session.add(
                Author(
                    name=f"author {number}", mood=Mood.happy if number else Mood.sad, key=uuid.UUID(int=number),
                    born=datetime.date(1900, 1, 1 + number), facts={"n": [number, None]}, tags=["a", str(number)],
                    fee=decimal.Decimal("1.50") * number, years=Range(number, number + 10),
                    books=[Book(title=f"book {number}.{each}", at=at) for each in range(number)],
                )
            )  # fmt: skip
    async with session_of() as session:
        query = select(Author).options(selectinload(Author.books)).order_by(Author.id)
        authors = (await session.scalars(query)).all()
        facts["books"] = {author.name: [book.title for book in author.books] for author in authors}
        last = authors[-1]
        facts["values"] = [last.mood.name, str(last.key), str(last.born), last.facts, last.tags, str(last.fee),
                           [last.years.lower, last.years.upper], last.books[0].at == at]  # fmt: skip
        last.name = "renamed"
        await session.commit()
        facts["renamed"] = await session.scalar(select(func.count()).where(Author.name == "renamed"))
    async with session_of() as session:
        session.add(
            Author(name="renamed", mood=Mood.sad, key=uuid.uuid4(), facts={}, tags=[], fee=0, years=Range(1, 2))
        )
        try:
            await session.commit()
        except IntegrityError as error:
            facts["unique"] = error.orig.sqlstate
            await session.rollback()
        async with session.begin_nested():
            await session.execute(text("update author set mood = 'sad'"))
        await session.rollback()
        facts["sad"] = await session.scalar(select(func.count()).where(Author.mood == Mood.sad))
        try:
            await session.execute(text("select 1/0"))
        except DBAPIError as error:
            facts["division"] = error.orig.sqlstate
    async with engine.connect() as connection:
        streamed = await connection.stream(text("select * from generate_series(1, 1000)"))
        facts["streamed"] = sum([row[0] async for row in streamed])
    async with engine.connect() as connection:
        isolated = await connection.execution_options(isolation_level="SERIALIZABLE")
        facts["isolation"] = await isolated.scalar(text("show transaction_isolation"))
        await connection.rollback()
    await engine.dispose()
    return facts


print(json.dumps(asyncio.run(main(sys.argv[1]))))
