#include "lib/sample.glsl"
#include "lib/wave.glsl"

vec2 place(ivec2 p) {
    vec2 from = (vec2(p) - vec2(u_shape.zy - 1) / 2.0) / vec2(u_shape.zy);
    float far = sqrt(dot(from, from));
    float pull = STRENGTH * wave(far * RATE - PHASE, 0) / max(far, 1e-6);
    return vec2(p) + pull * from * vec2(u_shape.zy);
}

#include "lib/moved.glsl"
