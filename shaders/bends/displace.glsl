#include "lib/sample.glsl"

float seen(int channel, ivec2 q) { return other(channel / 4, q)[channel % 4]; }

float pull(float asked, ivec2 p) {
    ivec4 shape = input_shape(OTHER);
    int channel = int(asked) % shape.x;
    vec2 at = max((vec2(p) + 0.5) * vec2(shape.zy) / vec2(u_shape.zy) - 0.5, vec2(0.0));
    ivec2 near = min(ivec2(at), shape.zy - 1);
    ivec2 far = min(near + 1, shape.zy - 1);
    vec2 part = at - vec2(near);
    float upper = mix(seen(channel, near), seen(channel, ivec2(far.x, near.y)), part.x);
    float lower = mix(seen(channel, ivec2(near.x, far.y)), seen(channel, far), part.x);
    return clamp(mix(upper, lower, part.y), -1e4, 1e4);
}

vec2 place(ivec2 p) {
    return vec2(p) - STRENGTH * vec2(pull(ACROSS, p), pull(DOWN, p)) * vec2(u_shape.zy);
}

#include "lib/moved.glsl"
