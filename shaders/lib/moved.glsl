// What a bend makes that reads each pixel where its ``place`` says: of several tiles at once, as it says so for all of them.

vec4 bent(int tile, ivec2 p) { return sampled(tile, place(p)); }

#ifdef SPAN
#define EACH for (int k = 0; k < SPAN; k++)

// As ``sampled`` does; what may be read together is read together.
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    int last = (u_shape.x - 1) / 4;
    vec2 at = place(p);
#if defined(INTERPOLATION_NEAREST)
    ivec2 near = ivec2(floor(at + 0.5));
    EACH found[k] = pixel(min(tile + k, last), near);
#else
    ivec2 near = near_of(at);
    vec2 part = at - vec2(near);
    EACH found[k] = pixel(min(tile + k, last), near) * (1.0 - part.x);
    if (part.x > 0.0) { EACH found[k] += pixel(min(tile + k, last), near + ivec2(1, 0)) * part.x; }
    if (part.y > 0.0) {
        vec4 lower[SPAN];
        EACH lower[k] = pixel(min(tile + k, last), near + ivec2(0, 1)) * (1.0 - part.x);
        if (part.x > 0.0) { EACH lower[k] += pixel(min(tile + k, last), near + ivec2(1, 1)) * part.x; }
        EACH found[k] = found[k] * (1.0 - part.y) + lower[k] * part.y;
    }
#endif
}
#endif
