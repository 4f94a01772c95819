"""Small models with known solutions, for the tests of the engine."""

from __future__ import annotations

from collections.abc import Mapping

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.ode_model import OdeModel

ONE_COMPARTMENT = "model pk()\n J: Drug -> ; k*Drug\n Drug = 0; k = 0.3\nend"
BLOW_UP = "model blow()\n y' = k*y^2\n y = 1; k = 1\nend"
ROBERTSON = """model robertson()
  a' = -k1*a + k3*b*c
  b' = k1*a - k3*b*c - k2*b^2
  c' = k2*b^2
  a = 1; b = 0; c = 0; k1 = 0.04; k2 = 3e7; k3 = 1e4
end"""
VAN_DER_POL = "model vdp()\n x' = y\n y' = mu*(1 - x^2)*y - x\n x = 2; y = 0; mu = 100\nend"
HILL = """model hill()
  transcription: -> M; v*(basal + R^n/(K^n + R^n))/(1 + P/Ki)
  decay_M: M -> ; kd*M
  translation: -> P; kt*M*light
  decay_P: P -> ; Vmax*P/(Km + P)
  activation: -> R; ka*exp(-P/10)*(1 - R)
  inactivation: R -> ; ki*R
  light := 1 + depth*sin(0.26*time)
  total := M + P
  M = 0.1; P = 0.5; R = basal
  v = 2; basal = 0.05; n = 2.7; K = 0.4; Ki = 3; kd = 0.8; kt = 1.5; Vmax = 2; Km = 0.7; ka = 0.5; ki = 0.9
  depth = 0.3
end"""

# every state follows the next two and one far away, so that elimination fills the matrix in
COUPLED = "model coupled()\n" + "".join(
    f" s{i}' = a*s{(i + 1) % 12} + b*s{(i + 2) % 12}*s{(i + 7) % 12} - s{i}^2; s{i} = 1\n" for i in range(12)
)
COUPLED += " a = 0.7; b = 0.4\nend"


def model_of(text: str, values: Mapping[str, float] | None = None) -> OdeModel:
    """Return the model of an Antimony text with some values changed."""
    return read_antimony(text).with_values(values or {})
