// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Operators} from "../../contracts/governance/Operators.sol";
import {IControllers} from "../../contracts/governance/IControllers.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title Who holds one stolen key of institution 1, and does with it whatever one account can do
contract Thief is Cheats {
    bytes32 private constant ACCEPTANCE =
        keccak256("Acceptance(address account,uint32 institution,uint16 roles,uint256 nonce,uint256 deadline)");
    uint256 private constant PUPPETS = 1_000_000; // keys of accounts that do what the thief wants

    Operators private immutable _operators;
    address public immutable self;
    address private immutable _watchful; // a GOVERN of institution 1 that is in good hands

    constructor(Operators operators, address self_, address watchful) {
        (_operators, self, _watchful) = (operators, self_, watchful);
    }

    function grant(uint8 seed) external {
        address puppet = vm.addr(PUPPETS + seed);
        bytes memory acceptance = accept(PUPPETS + seed, 2);
        vm.prank(self);
        try _operators.addOperator(puppet, 2, type(uint256).max, acceptance) {} catch {}
    }

    function freeze() external {
        address admin = _operators.controllers(1).admin[0];
        vm.prank(self);
        try _operators.freezeAdmin(admin) {} catch {}
    }

    function cancel(uint8 asker) public {
        vm.prank(self);
        try _operators.cancelControllers(1, IControllers.Asker(asker % 3)) {} catch {}
    }

    /// @dev Alone, or as the first of two of whom the second never comes.
    function ask(bool together, uint8 seed, uint8 place) external {
        IControllers.Controllers memory set = _operators.controllers(1);
        address puppet = vm.addr(PUPPETS + seed);
        uint16 role = place % 3 == 0 ? 1 : place % 3 == 1 ? 8 : 0;
        if (role == 1) set.govern[0] = puppet;
        if (role == 8) set.admin[0] = puppet;
        if (role == 0) set.recovery = puppet;
        IControllers.Acceptance[] memory given = new IControllers.Acceptance[](1);
        given[0] = IControllers.Acceptance(type(uint256).max, accept(PUPPETS + seed, role));
        vm.prank(self);
        if (together) try _operators.replaceTogether(1, set, given) {} catch {}
        else try _operators.replaceControllers(1, set, given) {} catch {}
    }

    function markRecovery(uint8 seed) external {
        IControllers.Acceptance memory given =
            IControllers.Acceptance(type(uint256).max, accept(PUPPETS + seed, 0));
        vm.prank(self);
        try _operators.markRecoveryCompromised(uint40(block.timestamp), vm.addr(PUPPETS + seed), given) {} catch {}
    }

    function leave() external {
        vm.prank(self);
        try _operators.resign() {} catch {}
    }

    /// @dev Shorter than any delay; the one who watches cancels what somebody asked for alone.
    function pass(uint24 secondsOn) external {
        vm.warp(block.timestamp + secondsOn % 1 days);
        for (uint8 asker = 0; asker < 2; ++asker) {
            vm.prank(_watchful);
            try _operators.cancelControllers(1, IControllers.Asker(asker)) {} catch {}
        }
    }

    function accept(uint256 key, uint16 roles) public view returns (bytes memory) {
        uint256 nonce = _operators.referenceOf(vm.addr(key)).nonce;
        (, string memory name, string memory version, uint256 chain, address at, bytes32 salt,) =
            _operators.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chain,
                at,
                salt
            )
        );
        bytes32 content =
            keccak256(abi.encode(ACCEPTANCE, vm.addr(key), uint32(1), roles, nonce, type(uint256).max));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, content)));
        return abi.encodePacked(r, s, v);
    }
}

/// @title Whatever one stolen key did, the two others put its holder out
abstract contract WayBack is Suite {
    Thief internal thief;
    uint256 private constant NEW = 77; // key of the account that takes the thief's place

    function start(bytes1 role, uint256 number) internal {
        deploy(2);
        thief = new Thief(operators, accountOf(1, role, number), accountOf(1, "g", 0));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(thief);
    }

    /// @dev `second` asks together with the watchful GOVERN; the thief tries what it can each day of the delay.
    function putOut(address second, IControllers.Controllers memory set, uint16 role, uint256 days_) internal {
        IControllers.Acceptance[] memory given = new IControllers.Acceptance[](1);
        given[0] = IControllers.Acceptance(type(uint256).max, thief.accept(NEW, role));
        vm.prank(second);
        operators.replaceTogether(1, set, given);
        vm.prank(accountOf(1, "g", 0));
        operators.replaceTogether(1, set, given);
        for (uint256 i = 0; i < days_; ++i) {
            thief.cancel(2);
            thief.freeze();
            thief.grant(uint8(200 + i));
            vm.warp(block.timestamp + 1 days);
        }
        operators.applyControllers(1, set);
    }

    function newcomer() internal pure returns (address) {
        return vm.addr(NEW);
    }
}

contract StolenGovernTest is WayBack {
    function setUp() public {
        start("g", 1);
    }

    /// forge-config: default.invariant.runs = 4
    /// forge-config: default.invariant.depth = 32
    function invariant_adminAndTheOtherGovernPutAStolenGovernOut() public {
        IControllers.Controllers memory set = operators.controllers(1);
        set.govern[1] = newcomer();
        (set.govern[0], set.recovery) = (accountOf(1, "g", 0), accountOf(1, "r", 0));
        putOut(accountOf(1, "a", 0), set, 1, 2);
        require(!operators.hasRole(thief.self(), 1, 1) && operators.hasRole(newcomer(), 1, 1), "the thief governs");
    }
}

contract StolenAdminTest is WayBack {
    function setUp() public {
        start("a", 0);
    }

    /// forge-config: default.invariant.runs = 4
    /// forge-config: default.invariant.depth = 32
    function invariant_recoveryAndAGovernPutAStolenAdminOut() public {
        IControllers.Controllers memory set = operators.controllers(1);
        set.admin[0] = newcomer();
        putOut(accountOf(1, "r", 0), set, 8, 10);
        require(!operators.hasRole(thief.self(), 1, 8) && operators.hasRole(newcomer(), 1, 8), "the thief is ADMIN");
    }
}

contract StolenRecoveryTest is WayBack {
    function setUp() public {
        start("r", 0);
    }

    /// forge-config: default.invariant.runs = 4
    /// forge-config: default.invariant.depth = 32
    function invariant_adminAndAGovernPutAStolenRecoveryAccountOut() public {
        IControllers.Controllers memory set = operators.controllers(1);
        set.recovery = newcomer();
        putOut(accountOf(1, "a", 0), set, 0, 2);
        require(operators.recoveryOf(1) == newcomer(), "the thief recovers");
    }
}
