// Weights of a Gaussian of SIGMA pixels, which reaches three times as far, but 24 pixels.

int reach() { return SIGMA > 0.0 ? min(int(ceil(3.0 * SIGMA)), 24) : 0; }

// The weights from the middle on, each by two products: of a Gaussian the ratio of neighbours falls by one factor.
struct Gaussian {
    float weight, ratio, factor;
};

Gaussian gaussian() {
    float at = 1.0 / max(SIGMA, 1e-6), first = exp(-0.5 * at * at);
    return Gaussian(1.0, first, first * first);
}

float next_weight(inout Gaussian g) {
    g.weight *= g.ratio;
    g.ratio *= g.factor;
    return g.weight;
}

#ifdef SPAN
// Of places e to e + 3.
vec4 weights_at(int e) {
    vec4 far = abs(vec4(e) + vec4(0.0, 1.0, 2.0, 3.0)), part = far / max(SIGMA, 1e-6);
    return mix(vec4(0.0), exp(-0.5 * part * part), lessThanEqual(far, vec4(reach())));
}

float total_weight() {
    vec4 total = vec4(0.0);
    for (int e = 1; e <= reach(); e += 4) total += weights_at(e);
    return 1.0 + 2.0 * dot(total, vec4(1.0));
}
#endif
