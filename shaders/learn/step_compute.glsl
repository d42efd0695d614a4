// In place: each invocation reads and writes its own texels, and packs them for the shaders that read them.
layout(std430, binding = 0) writeonly buffer Kernel { vec4 u_kernel[]; };
layout(std430, binding = 4) readonly buffer Verdict { float u_failed, u_scale; };

#define STRAIGHT 1u
#define SWAPPED 2u
#define ROW 3u

int cell_of(uvec4 held, Item item) {
    int tap = item.ky * item.shape.z + item.kx;
    return int(u_table[int(held.w) + tap / 4][tap % 4]);
}

// A kernel's texels are drawn in lib/kernel.glsl.
void pack(Item item, int which, vec4 block[4]) {
    uvec4 held = table(item.job, 8 + which);
    if (held.x == ROW) {
        keep_vectors(item.job, which, ivec2(item.out_tile, int(held.y)), block[0]);
        return;
    }
    if (held.x != STRAIGHT && held.x != SWAPPED) return;
    bool swapped = held.x == SWAPPED;
    int row = swapped ? item.in_tile : item.out_tile, column = swapped ? item.out_tile : item.in_tile;
    int cells = item.shape.z * item.kernel.y;
    int at = int(held.y) + ((row * int(held.z) + column) * cells + cell_of(held, item)) * 4;
    for (int lane = 0; lane < 4; lane++) {
        u_kernel[at + lane] = swapped ? vec4(block[0][lane], block[1][lane], block[2][lane], block[3][lane]) : block[lane];
    }
}

void main() {
    Item item = item_at(my_group(), int(gl_LocalInvocationIndex));
    if (!item.live || u_failed != 0.0) return;
    uvec4 has = table(item.job, 10);
    vec4 block[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    for (int lane = 0; lane < 4; lane++) {
        if (!has_lane(item, lane)) continue;
        ivec2 at = place_of(item, lane);
        vec4 weight = texelFetch(WEIGHT(item.job), at, 0), first = texelFetch(FIRST(item.job), at, 0);
        vec4 second = SLOTS > 1 ? texelFetch(SECOND(item.job), at, 0) : vec4(0.0);
        vec4 before = weight;
        weight = moved(weight, first, second, texelFetch(GRAD(item.job), at, 0) * u_scale);
        if (has.x != 0u) weight = rated(before, weight, texelFetch(RATES(item.job), at, 0));
        if (has.y != 0u) {
            weight = pulled(weight, texelFetch(STRENGTH(item.job), at, 0), texelFetch(TARGET(item.job), at, 0));
        }
        weight = mix(vec4(0.0), weight, live_lanes(item.shape, item.out_tile));
        keep_weight(item.job, at, weight);
        keep_first(item.job, at, first);
        if (SLOTS > 1) keep_second(item.job, at, second);
        block[lane] = weight;
    }
    pack(item, 0, block);
    pack(item, 1, block);
}
