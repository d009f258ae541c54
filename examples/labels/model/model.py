"""Scores a payment by its amount. A stand-in for a model of your own."""


def predict(request):
    amount = float(request["amount"])
    return {"label": "review" if amount > 1000 else "accept", "score": min(1.0, amount / 2000)}
