"""A Django project in one file, with Channels: views, and consumers of WebSockets."""

from __future__ import annotations

import json
from typing import Any

import django
from channels.generic.websocket import AsyncJsonWebsocketConsumer, WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="not a secret",
    ALLOWED_HOSTS=["test"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["channels"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    LOGGING_CONFIG=None,
)
django.setup()


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello, {request.GET.get('name', 'world')}")


async def echo(request: HttpRequest, number: int) -> HttpResponse:
    fields = {"number": number, "method": request.method, "path": request.path, "length": len(request.body)}
    return JsonResponse({**fields, "form": request.POST.dict(), "agent": request.headers.get("User-Agent")})


async def numbers(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> Any:
        for number in range(200):
            yield f"{number}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


urlpatterns = [path("", index), path("echo/<int:number>/", echo), path("numbers/", numbers)]


class Room(AsyncJsonWebsocketConsumer):
    """Hands what one says to everyone in the room of the path, by the channel layer."""

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        offered = self.scope["subprotocols"]
        await self.accept(offered[0] if offered else None)
        await self.send_json({"joined": self.room})

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if content.get("leave"):
            await self.close(4005, "as you wish")
            return
        await self.channel_layer.group_send(self.room, {"type": "said", "text": content["text"]})

    async def said(self, event: dict[str, Any]) -> None:
        await self.send_json({"text": event["text"]})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)
        await self.channel_layer.group_send(self.room, {"type": "said", "text": f"one left with {code}"})


class Shout(WebsocketConsumer):
    """A consumer that runs in a thread; whoever is not polite is not let in."""

    def connect(self) -> None:
        if b"polite" in self.scope["query_string"]:
            self.accept()
        else:
            self.close()

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is not None:
            self.send(text_data=text_data.upper())
        else:
            self.send(bytes_data=bytes(reversed(bytes_data or b"")))


class Count(WebsocketConsumer):
    """Sends several messages for one."""

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        for number in range(json.loads(text_data or "0")):
            self.send(text_data=str(number))


def make_app() -> Any:
    """The project's application."""
    sockets = URLRouter(
        [path("room/<str:room>/", Room.as_asgi()), path("shout/", Shout.as_asgi()), path("count/", Count.as_asgi())]
    )
    return ProtocolTypeRouter({"http": get_asgi_application(), "websocket": sockets})
