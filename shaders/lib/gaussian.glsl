// Weights of a Gaussian of SIGMA pixels, which reaches three times as far, but 24 pixels.

int reach() { return SIGMA > 0.0 ? min(int(ceil(3.0 * SIGMA)), 24) : 0; }

float gaussian_weight(int k) {
    float at = float(k) / max(SIGMA, 1e-6);
    return exp(-0.5 * at * at);
}
