// As torch.optim.SGD: what a weight remembers is its momentum.
#ifndef TOLD
uniform float u_momentum, u_nesterov, u_decay, u_first;
#endif

vec4 moved(vec4 weight, inout vec4 momentum, inout vec4 unused, vec4 grad) {
    grad += u_decay * weight;
    momentum = u_first > 0.0 ? grad : u_momentum * momentum + grad;
    return weight - u_rate * (u_nesterov > 0.0 ? grad + u_momentum * momentum : momentum);
}
