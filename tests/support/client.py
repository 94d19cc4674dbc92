"""A client of Nearline as a product would write it, with requests alone."""

import functools

import jwt
import requests

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
FIELDS = [*FEATURES, "status", "model_id", "prediction", "model_type", "created_at", "message"]
SETOSA = dict(zip(FEATURES, (5.2, 3.6, 1.5, 0.3)))
KNOWN = {
    (5.2, 3.6, 1.5, 0.3): "setosa",
    (0.5, 2.6, 6.5, 1.7): "virginica",
    (20.5, 2.6, 6.5, 1.7): "versicolor",
    (2.0, 1.4, 0.6, 1.9): "setosa",
}
ADMIN = "theodondre@gmail.com"
PASSWORD = "admin123"


def features(values) -> dict:
    return dict(zip(FEATURES, values))


class Client:
    """One user's session. A connection is kept, so that a test of many requests is one of Nearline."""

    def __init__(self, stack, name: str = ADMIN, password: str = PASSWORD, gateway: str | None = None):
        self.stack = stack
        self.name = name
        self.gateway = gateway or stack.gateway_url
        self.session = requests.Session()
        answer = requests.post(stack.auth_url + "/login", auth=(name, password), timeout=10)
        assert answer.status_code == 200, answer.text
        self.token = answer.text
        self.session.headers["Authorization"] = f"Bearer {self.token}"

    @functools.cached_property
    def user_id(self) -> str:
        """The user's UUID, which records and documents have."""
        return jwt.decode(self.token, options={"verify_signature": False})["sub"]

    def predict(self, values=(5.2, 3.6, 1.5, 0.3), **options) -> requests.Response:
        body = values if isinstance(values, dict) else features(values)
        options.setdefault("timeout", 30)
        return self.session.post(self.gateway + "/predict", json=body, **options)

    def get(self, path: str, **options) -> requests.Response:
        options.setdefault("timeout", 30)
        return self.session.get(self.gateway + path, **options)
