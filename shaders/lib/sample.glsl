// Reading the first map, or another of its shape (SAMPLED_MAP), between its pixels and beyond its border. Places are in pixels: whole numbers are centres.

#ifndef SAMPLED_MAP
#define SAMPLED_MAP(tile, q) read0(tile, q)
#endif

int bordered(int q, int size) {
#if defined(BORDER_WRAP)
    // What % gives of numbers below zero is open.
    return q < 0 ? size - 1 - (-1 - q) % size : q % size;
#elif defined(BORDER_REFLECT)
    int period = max(2 * size - 2, 1);
    q = abs(q) % period;
    return min(q < size ? q : period - q, size - 1);
#else
    return clamp(q, 0, size - 1);
#endif
}

vec4 pixel(int tile, ivec2 q) {
#if defined(BORDER_ZERO)
    if (!inside(q, u_shape0)) return vec4(0.0);
#endif
    return SAMPLED_MAP(tile, ivec2(bordered(q.x, u_shape0.z), bordered(q.y, u_shape0.y)));
}

// The first of the pixels around a place, which is held within the map where its edges go on.
ivec2 near_of(inout vec2 at) {
#if defined(BORDER_EDGE)
    at = clamp(at, vec2(0.0), vec2(u_shape0.zy - 1));
#endif
    return ivec2(floor(at));
}

vec4 sampled(int tile, vec2 at) {
#if defined(INTERPOLATION_NEAREST)
    return pixel(tile, ivec2(floor(at + 0.5)));
#else
    ivec2 near = near_of(at);
    vec2 part = at - vec2(near);
    vec4 upper = pixel(tile, near) * (1.0 - part.x);
    vec4 lower = pixel(tile, near + ivec2(0, 1)) * (1.0 - part.x);
    if (part.x > 0.0) {
        upper += pixel(tile, near + ivec2(1, 0)) * part.x;
        lower += pixel(tile, near + ivec2(1, 1)) * part.x;
    }
    return part.y > 0.0 ? upper * (1.0 - part.y) + lower * part.y : upper;
#endif
}
