#include "lib/sample.glsl"
#include "lib/random.glsl"

float corner(uint own, ivec2 at) { return uniform_of(random_bits(own, at)) * 2.0 - 1.0; }

float field(uint seed, int part, vec3 at) {
    ivec3 near = ivec3(floor(at));
    vec3 between = at - vec3(near);
    between = between * between * (3.0 - 2.0 * between);
    float found[2];
    for (int t = 0; t < 2; t++) {
        uint own = random_bits(seed, float((near.z + t) & 0xffffff), part);
        float upper = mix(corner(own, near.xy), corner(own, near.xy + ivec2(1, 0)), between.x);
        float lower = mix(corner(own, near.xy + ivec2(0, 1)), corner(own, near.xy + ivec2(1, 1)), between.x);
        found[t] = mix(upper, lower, between.y);
    }
    return mix(found[0], found[1], between.z);
}

vec2 place(ivec2 p) {
    uint seed = seed_of(SEED_LOW, SEED_HIGH);
    vec3 at = vec3((vec2(p) + 0.5) / vec2(u_shape.zy) * CELLS, TIME * SPEED);
    vec2 pull = vec2(field(seed, 0, at), field(seed, 1, at));
    return vec2(p) + STRENGTH * pull * vec2(u_shape.zy);
}

#include "lib/moved.glsl"
